"""What the page "Try your polymer" computes with."""
