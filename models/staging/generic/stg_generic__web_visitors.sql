with

source as (

    select * from {{ newest(
        'generic', 'web_visitors',
        key=['source_system', 'web_property', 'channel_source', 'month']
    ) }}

),

renamed as (

    select
        source_system,
        web_property,
        channel_source,
        visitors,
        month,
        deleted_at,
        _exported_at as exported_at

    from source

)

select * from renamed
