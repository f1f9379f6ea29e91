select distinct t.entity from audit.tracked t where {scope}
