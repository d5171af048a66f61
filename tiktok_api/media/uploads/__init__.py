"""Uploads by tus 1.0 and multipart/form-data: from a connection to storage, durable before they are acknowledged."""
