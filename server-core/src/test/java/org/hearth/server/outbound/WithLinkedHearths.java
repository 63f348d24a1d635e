package org.hearth.server.outbound;

import java.io.IOException;
import java.nio.file.Path;
import org.hearth.server.StartFailedException;
import org.hearth.server.http.TestClient;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// Two servers that find each other: Alice is a user of one, Bob of the other.
@Timeout(180)
@Tag("long")
public abstract class WithLinkedHearths {
  protected static final String V3 = "/_matrix/client/v3";

  @TempDir private Path folder;
  protected LinkedHearth one;
  protected LinkedHearth other;
  protected TestClient alice;
  protected TestClient bob;

  @BeforeEach
  protected void start() throws IOException, StartFailedException {
    TestAuthority authority = new TestAuthority();
    one = new LinkedHearth(folder.resolve("one"), authority, settingsOfOne());
    other = new LinkedHearth(folder.resolve("other"), authority, "");
    alice = one.register("alice");
    bob = other.register("bob");
  }

  /// Further lines of the configuration of the one server.
  protected String settingsOfOne() {
    return "";
  }

  @AfterEach
  protected void stop() {
    one.close();
    other.close();
  }

  protected static String encoded(String text) {
    return TestClient.encoded(text);
  }
}
