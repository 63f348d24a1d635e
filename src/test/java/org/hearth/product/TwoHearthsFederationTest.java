package org.hearth.product;

import java.io.IOException;
import java.nio.file.Path;

/// With another Hearth.
class TwoHearthsFederationTest extends FederationScenarios {
  @Override
  FederatedServer startOther(Path folder, FederatedAddress where) throws IOException {
    return FederatedServer.Hearth.start(folder, where);
  }
}
