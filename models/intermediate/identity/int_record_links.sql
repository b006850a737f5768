-- One row per pair of records that a conversion or a merge says are one person, where both are known.
with

records as (

    select * from {{ ref('int_records_unioned') }}

),

named as (

    select record_id, converted_record_id as linked_record_id
    from records
    where converted_record_id is not null

    union

    select record_id, master_record_id
    from records
    where master_record_id is not null

),

links as (

    select
        named.record_id,
        named.linked_record_id

    from named

    inner join records
        on named.linked_record_id = records.record_id

)

select * from links
