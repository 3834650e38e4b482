"""Client kits: what a person needs to use a VPN from their own machine."""
