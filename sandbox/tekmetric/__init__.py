"""The Tekmetric sandbox: the public API and the shop (web-app) API over one world of shops."""
