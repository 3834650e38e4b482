"""Profiles and preferences: TOML in, frozen structs out."""
