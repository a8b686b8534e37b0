"""The rep's inbox in the browser: no build step, nothing loaded from elsewhere, works without JavaScript."""
