-- A finding means that a chain of records is longer than the rounds of int_person_records: raise them.
with

records as (

    select * from {{ ref('int_person_records') }}

),

links as (

    select * from {{ ref('int_record_links') }}

),

links_apart as (

    select
        links.record_id,
        links.linked_record_id

    from links

    inner join records
        on links.record_id = records.record_id

    inner join records as linked
        on links.linked_record_id = linked.record_id

    where records.person_id != linked.person_id

),

shared_emails as (

    select
        min(record_id) as record_id,
        max(record_id) as linked_record_id

    from records

    where email_key is not null

    group by email_key

    having count(distinct person_id) > 1

)

select * from links_apart

union all

select * from shared_emails
