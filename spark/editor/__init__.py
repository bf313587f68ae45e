"""The Graph Editor: draw a brain, run it, watch it. Needs the extra `editor`; begins at `spark.editor.launch`."""
