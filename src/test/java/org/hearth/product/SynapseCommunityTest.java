package org.hearth.product;

import java.io.IOException;
import java.nio.file.Path;

/// With Synapse.
class SynapseCommunityTest extends CommunityScenarios {
  @Override
  FederatedServer startOther(Path folder, FederatedAddress where)
      throws IOException, InterruptedException {
    return SynapseProcess.start(folder, where);
  }
}
