"""Leave-one-polymer-out: arms, held-out predictions, scores."""
