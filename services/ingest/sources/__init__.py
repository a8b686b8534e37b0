"""One file a sender; found by discovery."""
