with

source as (

    select * from {{ newest(
        'generic', 'accounts',
        key=['source_system', 'account_id']
    ) }}

),

renamed as (

    select
        account_id,
        parent_account_id,
        source_system,
        account_name,
        domain,
        segment,
        country,
        created_at,
        deleted_at,
        _exported_at as exported_at

    from source

)

select * from renamed
