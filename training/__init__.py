"""How the embedded model is made: openly licensed emoji artwork in, a diffusers folder out."""
