package org.hearth.server.http;

/// What answers the requests of one route.
///
/// **thread**: the request's own virtual thread; may block.
@FunctionalInterface
public interface Handler {
  /// Answers the request.
  ///
  /// @throws Exception whatever went wrong; [ErrorHandlers] has the answer for it
  Response handle(Request request) throws Exception;
}
