-- Every export of a post, not only the newest: what happened between two of them is their difference.
with

source as (

    select * from {{ source('generic', 'social_snapshots') }}

),

renamed as (

    select
        platform,
        social_account,
        post_id,
        link_domain,
        impressions,
        reach,
        likes,
        comments,
        shares,
        saves,
        clicks,
        published_at,
        _exported_at as exported_at

    from source

    qualify row_number() over (
        partition by platform, post_id, _exported_at
        order by _fingerprint desc
    ) = 1

)

select * from renamed
