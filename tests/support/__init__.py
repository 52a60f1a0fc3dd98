"""What tests share: where sample data lie, databases, people and pictures."""
