from django.conf import settings

from healthcare.celery import app


def test_each_queue_has_a_routing_key_of_its_own():
    keys = {queue.name: queue.routing_key for queue in app.amqp.queues.values()}

    assert keys == {name: name for name in ["inference", "imports", "training"]}


def test_every_scheduled_task_exists():
    app.loader.import_default_modules()
    scheduled = {entry["task"] for entry in settings.CELERY_BEAT_SCHEDULE.values()}

    assert scheduled <= set(app.tasks)


def test_a_message_carries_json_only():
    assert (app.conf.accept_content, app.conf.task_serializer) == (["json"], "json")
