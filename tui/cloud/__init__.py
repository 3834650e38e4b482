"""The CloudStack API: signing, client, jobs, errors, models."""
