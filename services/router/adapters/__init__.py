"""What the domain needs from the world: state in SQL, the playbook from files."""
