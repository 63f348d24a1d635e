package org.hearth.product;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.hearth.server.http.FreePort;
import org.hearth.server.outbound.TestAuthority;

/// Where a server of a test is for other servers: a port of the loopback, and the certificate for
/// it.
///
/// @param certificate of `localhost`, with its key
/// @param authority that all servers of the test trust
record FederatedAddress(int port, Path certificate, Path key, Path authority) {
  /// A free port, and a new certificate.
  static FederatedAddress in(Path folder, TestAuthority authority) throws IOException {
    Files.createDirectories(folder);
    Path certificate = folder.resolve("certificate.pem");
    Path key = folder.resolve("key.pem");
    authority.certify(certificate, key, "localhost");
    return new FederatedAddress(
        FreePort.find(), certificate, key, authority.writeTo(folder.resolve("authority.pem")));
  }

  /// The server's name.
  String name() {
    return "localhost:" + port;
  }
}
