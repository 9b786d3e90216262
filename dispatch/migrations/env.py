"""Run the steps on the connection that is given; its owner commits."""

from alembic import context

from dispatch.tables import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata, render_as_batch=True)
context.run_migrations()
