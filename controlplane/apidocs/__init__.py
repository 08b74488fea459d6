"""The OpenAPI document, made from what the views obey, and the page that shows it."""
