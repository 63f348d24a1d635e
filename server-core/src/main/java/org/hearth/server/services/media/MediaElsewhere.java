package org.hearth.server.services.media;

import java.time.Duration;
import org.hearth.server.http.Request;
import org.hearth.server.matrix.id.MxcUri;

/// Has what is on other servers, and brings it here.
///
/// **thread**: any; the request's own, which waits.
@FunctionalInterface
public interface MediaElsewhere {
  /// Something on another server, in the cache or fetched now.
  ///
  /// @param request on whose behalf, so that it can be counted, and ends when nobody waits
  /// @param patience how long its server may take to have it
  /// @throws org.hearth.server.matrix.error.MatrixException `M_NOT_FOUND` if there is no such
  ///   thing; what the specification says if it is too large or does not come
  RemoteMedia get(MxcUri uri, Request request, Duration patience) throws InterruptedException;
}
