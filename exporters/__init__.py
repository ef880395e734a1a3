"""The exporter: measures the business and technical metrics of document 8.2.2 from the running system."""
