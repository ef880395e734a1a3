"""What was generated, on Azure and in Grafana: put there, compared with what is there, taken away again."""
