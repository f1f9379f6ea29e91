"""`auditlog bench`: what capture costs, here and in other tools, against no capture at all."""
