"""Forms: what they show, and what happens when they are sent."""
