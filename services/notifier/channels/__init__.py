"""One file a channel; found by discovery."""
