select audit.track('public.contacts', entity => 'contact', label => '{first_name,last_name}');
select audit.track('public.groups', entity => 'group', label => '{name}');
select audit.track('public.contact_groups', entity => 'group', parent => 'group_id');
select audit.track('public.users', entity => 'user', label => '{name}', mask => '{password_hash}');
select audit.track('public.user_permissions', entity => 'user', parent => 'user_id');
