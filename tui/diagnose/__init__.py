"""Checkup, why, drift: facts of the cloud and of the router in, findings out; no Textual."""
