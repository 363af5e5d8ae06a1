#include "base/cgroup.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "support/temporary_folder.h"

namespace windlass {
namespace {

class CgroupTest : public ::testing::Test {
 protected:
  void Write(const std::string& path, const std::string& text) {
    const std::filesystem::path file = folder_.path() + "/" + path;
    std::filesystem::create_directories(file.parent_path());
    std::ofstream(file) << text << "\n";
  }
  CgroupLimits Read(const std::string& groups) {
    return ReadCgroupLimits(groups, folder_.path());
  }
  CgroupLimits none_;
  windlass::testing::TemporaryFolder folder_;
};

TEST_F(CgroupTest, TheLeastOfAGroupAndThoseAboveItHolds) {
  Write("a/memory.max", "1000");
  Write("a/cpu.max", "max 100000");
  Write("a/b/memory.max", "max");
  Write("a/b/cpu.max", "150000 100000");
  const CgroupLimits limits = Read("0::/a/b\n");
  EXPECT_EQ(limits.memory_bytes, 1000);
  EXPECT_DOUBLE_EQ(limits.processors, 1.5);
}

TEST_F(CgroupTest, InAContainerTheLimitsStandAtTheRoot) {
  Write("memory.max", "2000");
  Write("cpu.max", "50000 100000");
  EXPECT_EQ(Read("0::/../../elsewhere\n").memory_bytes, 2000);
  EXPECT_DOUBLE_EQ(Read("0::/\n").processors, 0.5);
}

TEST_F(CgroupTest, VersionOneHasAFolderPerController) {
  Write("memory/x/memory.limit_in_bytes", "3000");
  Write("cpu,cpuacct/x/cpu.cfs_quota_us", "200000");
  Write("cpu,cpuacct/x/cpu.cfs_period_us", "100000");
  const CgroupLimits limits = Read("4:memory:/x\n3:cpu,cpuacct:/x\n0::/\n");
  EXPECT_EQ(limits.memory_bytes, 3000);
  EXPECT_DOUBLE_EQ(limits.processors, 2);
}

TEST_F(CgroupTest, WhatIsNotThereOrNoNumberDoesNotLimit) {
  Write("cpu/cpu.cfs_quota_us", "-1");
  Write("cpu/cpu.cfs_period_us", "100000");
  Write("memory.max", "what?");
  for (const char* groups : {"", "garbage", "1:cpu:/\n0::/\n", "::::\n"}) {
    const CgroupLimits limits = Read(groups);
    EXPECT_EQ(limits.memory_bytes, none_.memory_bytes) << groups;
    EXPECT_DOUBLE_EQ(limits.processors, none_.processors) << groups;
  }
}

}  // namespace
}  // namespace windlass
