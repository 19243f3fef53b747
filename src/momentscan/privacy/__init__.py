"""Forgetting somebody: where they may be seen, what goes, what stays, and that it is really gone."""
