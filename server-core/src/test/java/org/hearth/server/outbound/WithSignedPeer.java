package org.hearth.server.outbound;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.hearth.server.FederatedServer;
import org.hearth.server.http.TestClient;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// A server with one user, and another server that says what a test wants.
@Timeout(120)
@Tag("long")
public abstract class WithSignedPeer {
  @TempDir private Path folder;
  protected SignedPeer peer;
  protected FederatedServer server;
  protected TestClient alice;

  @BeforeEach
  protected void start() throws IOException {
    peer = SignedPeer.start(Files.createDirectories(folder.resolve("peer")));
    server = new FederatedServer(folder.resolve("data"), peer.settings());
    alice = server.register("alice");
  }

  @AfterEach
  protected void stop() throws IOException {
    server.close();
    peer.close();
  }

  protected static String encoded(String text) {
    return TestClient.encoded(text);
  }
}
