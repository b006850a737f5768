with

source as (

    select * from {{ newest(
        'generic', 'experiment_members',
        key=['source_system', 'experiment', 'email_key', 'record_id', 'assigned_at']
    ) }}

),

renamed as (

    select
        experiment,
        record_id,
        source_system,
        email_key,
        test_group,
        assigned_at,
        deleted_at,
        _exported_at as exported_at

    from source

)

select * from renamed
