package org.hearth.server.outbound;

import java.io.IOException;
import java.io.InputStream;
import java.util.List;
import java.util.Map;

/// Takes the body of a response in while it comes, so that it need not be in memory as a whole.
///
/// **thread**: that of the request. Who sent the request looks at what was read only when it has a
/// [Response]: when it has given up, somebody may still be reading.
@FunctionalInterface
public interface BodyReader {
  /// Is told the headers, before the body is read. Quick.
  ///
  /// @param headers name, in small letters → values, in their order
  default void head(Map<String, List<String>> headers) {}

  /// Reads as much as it has a use for. What is not read is given up with the connection.
  ///
  /// @param body fails when it is longer than the request's limits allow, or takes longer; not to
  ///   be closed
  /// @throws IOException what the body throws, and nothing else: what is wrong with its content is
  ///   for the reader to remember
  void read(InputStream body) throws IOException;
}
