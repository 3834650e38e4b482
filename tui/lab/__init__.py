"""The embedded cloud and router: the demo, the tests and training use the same one."""
