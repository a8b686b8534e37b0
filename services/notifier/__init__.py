"""The messenger: brings one rep one card, once, and takes the answer."""
