package org.hearth.server.http;

/// The routes of one component, registered by itself.
@FunctionalInterface
public interface RouteGroup {
  /// Called once, before the listeners open.
  void register(Routes routes);
}
