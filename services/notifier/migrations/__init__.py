"""The notifier's tables as they came about; `versions/` holds the steps."""
