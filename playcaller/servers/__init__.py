"""Real servers from packages, on loopback, for whoever has none at hand: Apache Kafka and PostgreSQL."""
