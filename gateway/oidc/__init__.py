"""Single sign-on: people log in at the portal's identity provider (OpenID Connect) and are known here by its word."""
