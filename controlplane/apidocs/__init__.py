"""The OpenAPI document, generated from the declarations of the views, and the page that shows it."""
