"""Servers that play the places outside which jobs read from; each runs in a thread of the test's process."""
