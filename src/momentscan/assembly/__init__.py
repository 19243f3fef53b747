"""What the verbs work with, put together from the settings: perceivers, models, engines, choosers."""
