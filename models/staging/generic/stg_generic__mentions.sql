with

source as (

    select * from {{ newest(
        'generic', 'mentions',
        key=['source_system', 'mention_id']
    ) }}

),

renamed as (

    select
        mention_id,
        source_system,
        brand,
        platform,
        url_domain,
        sentiment,
        is_own,
        is_duplicate,
        mentioned_at,
        deleted_at,
        _exported_at as exported_at

    from source

)

select * from renamed
